//! Reviews that are made from a number: the same number makes the same review, in whatever run.

use serde_json::{Value, json};

/// The months in which they are written, as they stand in the names of indices. None is the present one: an index of it
/// may be changed by others.
pub const MONTHS: [&str; 3] = ["2026.03", "2026.04", "2026.05"];

const SENTENCES: [&str; 8] = [
    "The milk was warm.",
    "Alles pünktlich und vollständig, danke!",
    "Le livreur était très aimable.",
    "De eieren waren kapot.",
    "El paquete llegó tarde otra vez.",
    "Η παραγγελία ήταν τέλεια.",
    "牛奶是温的。",
    "😀 a \"quote\", a back\\slash and a\ttab.",
];

/// The id of review `number` of a run.
pub fn id(run: &str, number: usize) -> String {
    format!("{run}-{number}")
}

/// The number of a review of this run.
pub fn number(run: &str, id: &str) -> Option<usize> {
    id.strip_prefix(run)?.strip_prefix('-')?.parse().ok()
}

/// The month that review `number` is written in.
pub fn month(number: usize) -> &'static str {
    MONTHS[number % MONTHS.len()]
}

/// Review `number` of a run, as a client sends it: 1 to 24 sentences, and now and then one of about 8,000 characters.
pub fn review(run: &str, number: usize) -> Value {
    let mixed = mix(number);
    let sentences = if mixed.is_multiple_of(97) { 300 } else { 1 + mixed % 24 };
    let text: Vec<_> = (0..sentences).map(|place| SENTENCES[(mixed / 7 + place) % SENTENCES.len()]).collect();
    json!({
        "id": id(run, number),
        "delivery_id": format!("delivery-{number}"),
        "text": text.join(" "),
        "rating": 1 + mixed % 5,
        "language": "en",
        "written_at": format!("{}-{:02}T{:02}:{:02}:07Z", month(number).replace('.', "-"), 1 + mixed % 28, mixed % 24, mixed % 60),
        "hub": format!("hub-{}", mixed % 9),
        "tags": ["storm"],
    })
}

/// Spreads numbers that follow each other (the finaliser of splitmix64).
fn mix(number: usize) -> usize {
    let mut mixed = (number as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or_default()
}
