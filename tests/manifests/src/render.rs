//! What can be applied, and how it looks then.
//!
//! 1. [`targets`]: every overlay, every base, the whole of the bases, and every component alone over the whole.
//! 2. [`render`]: `kubectl kustomize`, as a user types it; nothing is sent anywhere.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::object::documents;
use crate::rules::Scope;

/// What a component has to be switched on with beside the bases: folders of resources, and other components. As their
/// kustomizations say; `monitoring` watches whatever there may be.
const NEEDS: &[(&str, &[&str], &[&str])] = &[
    ("elasticsearch-exporter", &["elasticsearch"], &[]),
    ("elasticsearch-snapshots", &["elasticsearch"], &[]),
    (
        "monitoring",
        &["elasticsearch", "postgres"],
        &["content-sidecar", "elasticsearch-exporter", "postgres-pooler"],
    ),
    ("postgres-backup", &["postgres"], &[]),
    ("postgres-external", &["postgres"], &[]),
    ("postgres-pooler", &["postgres"], &[]),
    ("postgres-restore", &["postgres"], &["postgres-backup"]),
    ("reviews-on-eck", &["elasticsearch"], &[]),
    ("reviews-on-elasticsearch", &["elasticsearch-single"], &[]),
    ("tls", &[], &["gateway"]),
];

/// Something that can be applied.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its path, or the component's.
    pub name: String,
    /// What is rendered.
    pub source: Source,
    /// How much of everything it is.
    pub scope: Scope,
}

/// Where a rendering comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A folder with a kustomization.
    Folder(PathBuf),
    /// The bases, these others beside them, and these components.
    Components {
        /// Folders of `k8s/`.
        bases: Vec<String>,
        /// Folders of `kustomize/components/`, the last being what it is about.
        components: Vec<String>,
    },
}

/// Everything below `root` that can be applied.
pub fn targets(root: &Path) -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    for name in folders(&root.join("k8s"))? {
        let folder = root.join("k8s").join(&name);
        targets.push(Target {
            name: format!("k8s/{name}"),
            source: Source::Folder(folder),
            scope: Scope::Part,
        });
    }
    // The operators themselves come from the internet; what is written here for them is rendered.
    for name in folders(&root.join("kustomize/operators"))? {
        let folder = root.join("kustomize/operators").join(&name);
        let name = format!("kustomize/operators/{name}");
        targets.push(Target { name, source: Source::Folder(folder), scope: Scope::Part });
    }
    let whole = Source::Folder(root.join("k8s"));
    targets.push(Target { name: "k8s".to_owned(), source: whole, scope: Scope::Whole });
    for name in folders(&root.join("kustomize/components"))? {
        let needs = NEEDS.iter().find(|(component, ..)| *component == name);
        let (bases, others) = needs.map_or((&[][..], &[][..]), |(_, bases, others)| (*bases, *others));
        let bases = bases.iter().map(|base| (*base).to_owned()).collect();
        let components = others.iter().map(|other| (*other).to_owned()).chain([name.clone()]).collect();
        let name = format!("kustomize/components/{name}");
        targets.push(Target { name, source: Source::Components { bases, components }, scope: Scope::Whole });
    }
    for name in folders(&root.join("kustomize/overlays"))? {
        let folder = root.join("kustomize/overlays").join(&name);
        let scope = match name.as_str() {
            "dev" => Scope::Whole,
            "ha" => Scope::Replicated,
            _ => Scope::Production,
        };
        targets.push(Target {
            name: format!("kustomize/overlays/{name}"),
            source: Source::Folder(folder),
            scope,
        });
    }
    Ok(targets)
}

/// The folders with a kustomization, sorted.
fn folders(parent: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(parent).with_context(|| parent.display().to_string())? {
        let entry = entry?;
        if entry.path().join("kustomization.yaml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// What `kubectl kustomize` prints. `root` is the checkout.
pub fn render(root: &Path, target: &Target) -> anyhow::Result<String> {
    match &target.source {
        Source::Folder(folder) => kustomize(folder),
        Source::Components { bases, components } => {
            let folder = tempfile::tempdir()?;
            // kustomize takes folders by relative paths only.
            let root = relative(&folder.path().canonicalize()?, &root.canonicalize()?)?;
            let bases = bases.iter().map(|name| format!("{root}/k8s/{name}"));
            let bases: Vec<_> = [format!("{root}/k8s")].into_iter().chain(bases).collect();
            let paths: Vec<_> =
                components.iter().map(|name| format!("{root}/kustomize/components/{name}")).collect();
            let kustomization = serde_json::json!({
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "resources": bases,
                "components": paths,
            });
            fs::write(folder.path().join("kustomization.yaml"), kustomization.to_string())?;
            kustomize(folder.path())
        }
    }
}

fn kustomize(folder: &Path) -> anyhow::Result<String> {
    let done =
        Command::new("kubectl").arg("kustomize").arg(folder).output().context("kubectl does not start")?;
    let said = String::from_utf8_lossy(&done.stderr);
    // A warning is something deprecated: it is an error in a later version.
    if !done.status.success() || !said.trim().is_empty() {
        bail!("kubectl kustomize {}: {said}", folder.display());
    }
    Ok(String::from_utf8(done.stdout)?)
}

/// The way from one absolute folder to another.
fn relative(from: &Path, to: &Path) -> anyhow::Result<String> {
    let up = from.components().filter(|part| matches!(part, Component::Normal(_))).map(|_| "..");
    let down = to.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_str()),
        _ => None,
    });
    let down = down.collect::<Option<Vec<_>>>().context("a path is not UTF-8")?;
    Ok(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// All files of YAML below a folder, with their documents.
pub fn yaml_files(folder: &Path) -> anyhow::Result<Vec<(PathBuf, Vec<serde_json::Value>)>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let documents =
                    documents(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
                files.push((path, documents));
            }
        }
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_between_folders_goes_over_the_root() {
        let way = relative(Path::new("/a/b"), Path::new("/c/d")).expect("a way");
        assert_eq!(way, "../../c/d");
    }
}
