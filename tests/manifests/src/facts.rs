//! What manifests are held against.
//!
//! 1. [`images`]: the one list of images, `kustomize/images.yaml`.
//! 2. [`provided`]: what manifests refer to and others make, `kustomize/provided.yaml`.
//! 3. [`variables`]: what services read, by their code: the fields of every `Topic`, as the kit makes variables of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use syn::{Expr, Fields, ImplItem, Item, Lit, Type};

use crate::object::{Look, documents};

/// What manifests are held against.
#[derive(Debug, Default)]
pub struct Facts {
    /// The list of images.
    pub images: Images,
    /// Secrets that no manifest makes.
    pub provided: Vec<Provided>,
    /// Classes of gateways that no manifest makes.
    pub gateway_classes: Vec<String>,
    /// What each service reads.
    pub variables: BTreeMap<String, BTreeSet<String>>,
}

/// A Secret that a platform or an operator makes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provided {
    /// Where it is.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub keys: Vec<String>,
}

/// The list of images, by name.
pub type Images = BTreeMap<String, Listed>;

/// One image of the list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// Its version.
    pub tag: String,
    /// Its content, where it could be verified.
    pub digest: Option<String>,
}

impl Facts {
    /// Reads them from the checkout at `root`.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let images = images(&text(&root.join("kustomize/images.yaml"))?)?;
        let list = text(&root.join("kustomize/provided.yaml"))?;
        let (provided, gateway_classes) = (provided(&list)?, gateway_classes(&list)?);
        Ok(Self { images, provided, gateway_classes, variables: variables(root)? })
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Reads the list of images: `own` by reference, `others` by reference and, where it was verified, digest.
pub fn images(yaml: &str) -> anyhow::Result<Images> {
    let mut images = Images::new();
    for document in documents(yaml)? {
        let own = document.at("own").items().iter().map(|image| (image, Value::Null));
        let others = document.at("others").items().iter();
        let others = others.map(|entry| (entry.at("image"), entry.at("digest").clone()));
        for (image, digest) in own.chain(others) {
            let (name, tag) = image.text().rsplit_once(':').with_context(|| format!("{image} has no tag"))?;
            let listed = Listed { tag: tag.to_owned(), digest: digest.as_str().map(str::to_owned) };
            ensure!(images.insert(name.to_owned(), listed).is_none(), "{name} stands there twice");
        }
    }
    Ok(images)
}

/// Reads the list of Secrets that others make.
pub fn provided(yaml: &str) -> anyhow::Result<Vec<Provided>> {
    let text = |value: &Value| value.text().to_owned();
    let entry = |entry: &Value| Provided {
        namespace: text(entry.at("namespace")),
        name: text(entry.at("name")),
        keys: entry.at("keys").items().iter().map(text).collect(),
    };
    Ok(documents(yaml)?.iter().flat_map(|document| document.at("secrets").items()).map(entry).collect())
}

/// Reads the classes of gateways of the same list.
pub fn gateway_classes(yaml: &str) -> anyhow::Result<Vec<String>> {
    let documents = documents(yaml)?;
    let classes = documents.iter().flat_map(|document| document.at("gatewayClasses").items());
    Ok(classes.map(|class| class.at("name").text().to_owned()).collect())
}

/// What each folder of `services/` reads, with what the kit reads for all.
pub fn variables(root: &Path) -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
    let kit = of_crate(&root.join("crates/service-kit/src"))?;
    let mut all = BTreeMap::new();
    for service in fs::read_dir(root.join("services"))? {
        let folder = service?.path();
        let Some(name) = folder.file_name().and_then(|name| name.to_str()) else { continue };
        let mut read = of_crate(&folder.join("src"))?;
        read.extend(kit.iter().cloned());
        read.remove("KUBERNETES_SERVICE_HOST"); // Kubernetes sets it, and nobody else should
        all.insert(name.to_owned(), read);
    }
    Ok(all)
}

fn of_crate(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut found = Found::default();
    for path in rust_files(folder)? {
        let text = fs::read_to_string(&path)?;
        // Most files have no settings, and parsing is what takes time.
        if text.contains("Topic") || text.contains("environment") {
            let file = syn::parse_file(&text).with_context(|| path.display().to_string())?;
            found.items(&file.items);
            found.literals(&text);
        }
    }
    Ok(found.variables())
}

fn rust_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// What the files of one crate say.
#[derive(Default)]
struct Found {
    /// Structs and their fields.
    fields: BTreeMap<String, Vec<String>>,
    /// The structs that variables are read into.
    topics: BTreeSet<String>,
    /// Variables named in the code itself, with the forms that may be files.
    named: BTreeSet<String>,
}

impl Found {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Struct(found) => {
                    if let Fields::Named(fields) = &found.fields {
                        let names = fields.named.iter().filter_map(|field| field.ident.as_ref());
                        // Two structs of one name in one crate: what either has is taken for read.
                        let known = self.fields.entry(found.ident.to_string()).or_default();
                        known.extend(names.map(ToString::to_string));
                    }
                }
                Item::Impl(found) => self.implementation(found),
                _ => {} // a module of tests has topics of its own, which are no settings
            }
        }
    }

    /// `impl Topic for X { const SECRETS: &[&str] = &["NAME"]; }`
    fn implementation(&mut self, found: &syn::ItemImpl) {
        let named = |path: &syn::Path| path.segments.last().map(|last| last.ident.to_string());
        let of = found.trait_.as_ref().and_then(|(path, _)| named(path));
        let (Some("Topic"), Type::Path(topic)) = (of.as_deref(), &*found.self_ty) else { return };
        self.topics.extend(named(&topic.path));
        for item in &found.items {
            let ImplItem::Const(constant) = item else { continue };
            let Expr::Reference(list) = &constant.expr else { continue };
            let Expr::Array(list) = &*list.expr else { continue };
            for element in &list.elems {
                if let Expr::Lit(literal) = element
                    && let Lit::Str(name) = &literal.lit
                {
                    self.named.insert(format!("{}_FILE", name.value()));
                }
            }
        }
    }

    /// `Source::read("NAME", environment, …)` reads NAME or `NAME_FILE`; `environment.get("NAME")` reads NAME.
    fn literals(&mut self, text: &str) {
        let quoted = |start: &str| {
            let pieces: Vec<_> = text.split(start).skip(1).collect();
            pieces.into_iter().filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect::<Vec<_>>()
        };
        for name in quoted("Source::read(\"") {
            self.named.extend([format!("{name}_FILE"), name]);
        }
        self.named.extend(quoted("environment.get(\""));
    }

    fn variables(self) -> BTreeSet<String> {
        let topics = self.topics.iter().filter_map(|topic| self.fields.get(topic)).flatten();
        topics.map(|field| field.to_ascii_uppercase()).chain(self.named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_secrets_and_named_variables_are_found() {
        let text = r#"
            struct Topical { port: u16, store_key: Option<Secret> }
            struct Other { unread: u16 }
            impl Topic for Topical { const SECRETS: &'static [&'static str] = &["STORE_KEY"]; }
            fn read() { Source::read("GREETING", environment, faults); environment.get("RUST_LOG"); }
        "#;
        let mut found = Found::default();
        found.items(&syn::parse_file(text).expect("Rust").items);
        found.literals(text);
        let names: Vec<_> = found.variables().into_iter().collect();
        assert_eq!(names, ["GREETING", "GREETING_FILE", "PORT", "RUST_LOG", "STORE_KEY", "STORE_KEY_FILE"]);
    }
}
