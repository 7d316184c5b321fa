// Says for each test what tests/run counts: `check ok: …` or `check FAILED: …`.

export default async function* reporter(source) {
  for await (const { type, data } of source) {
    if (type === "test:stdout" || type === "test:stderr") yield data.message;
    if (type === "test:pass" && data.details?.type !== "suite") yield `check ok: ${data.name}\n`;
    if (type === "test:fail" && data.details?.type !== "suite") {
      yield `check FAILED: ${data.name}\n${data.details.error?.cause?.stack ?? data.details.error?.stack}\n`;
    }
  }
}
