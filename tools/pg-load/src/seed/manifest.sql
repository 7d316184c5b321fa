-- What was seeded. seed_run has one row: the run that the rows are of. seed_manifest has one per table or partition, which
-- comes with the rows, in their transaction.

CREATE TABLE shop.seed_run (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    schema_hash text NOT NULL,
    seed bigint NOT NULL,
    rows bigint NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

CREATE TABLE shop.seed_manifest (
    part text PRIMARY KEY,
    schema_hash text NOT NULL,
    seed bigint NOT NULL,
    rows bigint NOT NULL,
    checksum text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);
