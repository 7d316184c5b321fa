//! The folder behind the embedded store, and what is checked before it is touched.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use s3s::dto::{CompletedMultipartUpload, HeadObjectInput, HeadObjectOutput};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::sync::RwLock;

use super::conditions::Conditions;

/// The longest name of a file on the file systems in use.
const FILE_NAME_BYTES: usize = 255;

/// Buckets as folders and objects as files.
pub(super) struct Store {
    pub(super) files: FileSystem,
    pub(super) root: PathBuf,
    /// Readers hold it while they open a file and read what is said of it, writers while they change both.
    pub(super) versions: RwLock<()>,
    pub(super) uploads: Mutex<BTreeMap<String, Pending>>,
}

/// An upload in parts that is under way.
pub(super) struct Pending {
    pub bucket: String,
    pub key: String,
    pub begun: SystemTime,
}

impl Store {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        drop_forgotten_uploads(&root)?;
        let files = FileSystem::new(&root).map_err(|error| io::Error::other(format!("{error:?}")))?;
        Ok(Self { files, root, versions: RwLock::new(()), uploads: Mutex::default() })
    }

    pub(super) fn uploads(&self) -> MutexGuard<'_, BTreeMap<String, Pending>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `id` is an upload of this key: s3s-fs asks neither.
    pub(super) fn check_upload(&self, id: &str, bucket: &str, key: &str) -> S3Result<()> {
        let known = self.uploads().get(id).is_some_and(|upload| upload.bucket == bucket && upload.key == key);
        if known { Ok(()) } else { Err(s3_error!(NoSuchUpload, "the upload does not exist")) }
    }

    /// Whether each part that is named is there: s3s-fs finds out only after it has begun.
    pub(super) fn check_parts(&self, id: &str, parts: Option<&CompletedMultipartUpload>) -> S3Result<()> {
        for part in parts.and_then(|parts| parts.parts.as_deref()).unwrap_or_default() {
            let number = part.part_number.unwrap_or_default();
            let known = self.root.join(format!(".upload_id-{id}.part-{number}")).is_file();
            if !known {
                return Err(s3_error!(InvalidPart, "part {number} was not uploaded"));
            }
        }
        Ok(())
    }

    pub(super) fn check_bucket(&self, bucket: &str) -> S3Result<()> {
        if self.root.join(bucket).is_dir() {
            Ok(())
        } else {
            Err(s3_error!(NoSuchBucket, "the bucket does not exist"))
        }
    }

    /// The file that is this object, if there is one: a folder is none.
    pub(super) fn existing(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        self.check_bucket(bucket)?;
        let missing = || s3_error!(NoSuchKey, "the object does not exist");
        storable(bucket, key).map_err(|_| missing())?;
        let path = self.root.join(bucket).join(key);
        if path.is_file() { Ok(path) } else { Err(missing()) }
    }

    /// Refuses a key whose place is taken by a folder, or whose folder is taken by an object.
    pub(super) fn check_place(&self, bucket: &str, key: &str) -> S3Result<()> {
        self.check_bucket(bucket)?;
        storable(bucket, key)?;
        let bucket = self.root.join(bucket);
        let path = bucket.join(key);
        let blocked = path.is_dir()
            || path.ancestors().skip(1).take_while(|folder| *folder != bucket).any(Path::is_file);
        if blocked {
            return Err(s3_error!(
                InvalidRequest,
                "a file cannot be a folder too: another key is in the way"
            ));
        }
        Ok(())
    }

    /// Folders that hold nothing any more would stand in the way of an object of their name.
    pub(super) fn drop_empty_folders(&self, bucket: &str, key: &str) {
        let bucket = self.root.join(bucket);
        let path = bucket.join(key);
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != bucket) {
            if std::fs::remove_dir(folder).is_err() {
                return;
            }
        }
    }

    pub(super) async fn head(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let path = self.existing(&req.input.bucket, &req.input.key)?;
        let conditions = Conditions {
            if_match: req.input.if_match.clone(),
            if_none_match: req.input.if_none_match.clone(),
            if_modified_since: req.input.if_modified_since.clone(),
            if_unmodified_since: req.input.if_unmodified_since.clone(),
        };
        let mut head = self.files.head_object(req).await?;
        // In whole seconds, as the header carries it: conditions on times are held against what was told.
        head.output.last_modified =
            std::fs::metadata(path).map_err(internal)?.modified().ok().map(|time| whole_seconds(time).into());
        conditions.check(head.output.e_tag.as_ref(), head.output.last_modified.as_ref())?;
        Ok(head)
    }
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

/// Uploads that an earlier process left: their keys were known to it alone.
fn drop_forgotten_uploads(root: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let forgotten = name.starts_with(".upload-")
            || name.starts_with(".upload_id-")
            || (name.starts_with(".bucket-") && name.contains(".upload-"));
        if forgotten && entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether a key can be a file: no empty, `.` or `..` parts, each part a file's name, and short enough for the files
/// that s3s-fs keeps beside it, whose names hold bucket and key in base64.
fn storable(bucket: &str, key: &str) -> S3Result<()> {
    let fits = |part: &str| {
        !matches!(part, "" | "." | "..") && part.len() <= FILE_NAME_BYTES && !part.contains('\0')
    };
    if !key.split('/').all(fits) {
        return Err(s3_error!(
            InvalidArgument,
            "the embedded store keeps keys as files, and this is no file's path"
        ));
    }
    let base64 = |text: &str| (text.len() * 4).div_ceil(3);
    let upload = "01234567-0123-0123-0123-0123456789ab".len();
    let beside = ".bucket-.object-.upload-.metadata.json".len() + base64(bucket) + base64(key) + upload;
    if beside > FILE_NAME_BYTES {
        return Err(s3_error!(
            KeyTooLongError,
            "the embedded store keeps keys as files, and this is too long for one"
        ));
    }
    Ok(())
}

/// What the folder itself fails with is nobody's request's fault.
pub(super) fn internal(error: io::Error) -> s3s::S3Error {
    s3_error!(error, InternalError)
}
