//! Where stores differ from what AWS documents, as far as a contract touches it.

/// What a store does with a key that AWS would take as it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyFate {
    /// It is stored, read and listed as it is.
    Kept,
    /// The put is refused as a request that is wrong.
    Refused,
    /// The put is acknowledged, and the object is not found by its key.
    Lost,
    /// It is stored without its content.
    Emptied,
    /// It is stored and read, but a listing does not show it by its key.
    Unlisted,
}

/// One store's answers. [`Differences::AWS`] is what AWS documents; a store says what it does otherwise.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one answer to one question")]
pub struct Differences {
    /// Keys that are not taken or not kept as they are; long ones by their beginning and length.
    pub keys: &'static [(&'static str, KeyFate)],
    /// A put into a bucket that is not there makes the bucket.
    pub puts_make_buckets: bool,
    /// A listing says each object's tag.
    pub lists_tags: bool,
    /// What becomes of a key below another object's (`p/a`, where there is an object `p`).
    pub below_an_object: KeyFate,
    /// A listing is in the order of the keys' UTF-8; if not, folder by folder, as if `/` came before all else.
    pub lists_in_order: bool,
    /// Where there is an object `folder/a`, what else is answered with success.
    pub found_though_missing: &'static [(&'static str, &'static str)],
    /// Metadata of an empty value is kept, by a put; an upload in parts keeps it everywhere.
    pub put_keeps_empty_metadata: bool,
    /// The uploads below a folder can be listed; if not, only those of one whole key can.
    pub lists_uploads_by_prefix: bool,
    /// Parts below 5 MiB that are not the last are taken.
    pub takes_small_parts: bool,
    /// An upload that was completed may be completed again.
    pub completes_twice: bool,
    /// A condition on the completion of an upload is kept.
    pub conditional_completion: bool,
}

impl Differences {
    /// What AWS documents.
    pub const AWS: Self = Self {
        keys: &[],
        puts_make_buckets: false,
        lists_tags: true,
        below_an_object: KeyFate::Kept,
        lists_in_order: true,
        found_though_missing: &[],
        put_keeps_empty_metadata: true,
        lists_uploads_by_prefix: true,
        takes_small_parts: false,
        completes_twice: false,
        conditional_completion: true,
    };
}
