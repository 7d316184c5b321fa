//! Every object of every rendering, held by kubeconform against schemas that know all fields, and no others.
//!
//! What is needed lies in a folder that `tests/manifests/install` fills; `MANIFEST_TOOLS` names it, as `tests/run manifests` does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tests_manifests::object::{Look as _, documents};
use tests_manifests::render::{render, targets, yaml_files};
use tests_manifests::schema::{Schemas, TEMPLATE, core, custom, path};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn tools() -> PathBuf {
    std::env::var_os("MANIFEST_TOOLS")
        .map(PathBuf::from)
        .expect("MANIFEST_TOOLS is set: run tests/run manifests")
}

/// All schemas there are.
fn schemas() -> Schemas {
    let swagger = fs::read_to_string(tools().join("swagger.json")).expect("Kubernetes' own document");
    let swagger: Value = serde_json::from_str(&swagger).expect("JSON");
    let mut schemas = core(&swagger);
    for (_, documents) in yaml_files(&tools().join("crds")).expect("definitions") {
        let definitions =
            documents.iter().filter(|document| document.at("kind") == "CustomResourceDefinition");
        schemas.extend(definitions.flat_map(|definition| custom(definition, &swagger)));
    }
    schemas
}

/// A folder with texts to check and the schemas of all kinds in them, as far as there are any.
struct Bench {
    folder: tempfile::TempDir,
    texts: BTreeSet<String>,
}

impl Bench {
    fn new(schemas: &Schemas, texts: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut names = BTreeSet::new();
        for (name, text) in texts {
            let name = format!("{}.yaml", name.replace('/', "_"));
            fs::write(folder.path().join(&name), text).expect("written");
            names.insert(name);
            for object in documents(text).expect("YAML") {
                let path = path(object.at("apiVersion").text(), object.at("kind").text());
                let Some(schema) = schemas.get(&path) else { continue };
                let path = folder.path().join("schemas").join(path);
                fs::create_dir_all(path.parent().expect("a group")).expect("a folder");
                fs::write(path, schema.to_string()).expect("written");
            }
        }
        Self { folder, texts: names }
    }

    /// What kubeconform says of each fault: file, object, words. Every object that is not sound is one.
    fn check(&self) -> Vec<String> {
        let done = Command::new(tools().join("bin/kubeconform"))
            .current_dir(self.folder.path())
            .args(["-strict", "-output", "json", "-schema-location", &format!("schemas/{TEMPLATE}")])
            .args(&self.texts)
            .output()
            .expect("kubeconform starts");
        let said: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| {
            panic!("kubeconform: {error}: {}", String::from_utf8_lossy(&done.stderr));
        });
        let faults: Vec<_> = said.at("resources").items().iter().map(fault).collect();
        assert_eq!(faults.is_empty(), done.status.success(), "{said}");
        faults
    }
}

fn fault(said: &Value) -> String {
    let [file, kind, name, message] = ["filename", "kind", "name", "msg"].map(|field| said.at(field).text());
    // It begins with the path of the schema, which nobody wants to read.
    let message = message.split_once("#' - ").map_or(message, |(_, words)| words);
    format!("{file}: {kind} {name}: {message}")
}

#[test]
#[ignore = "needs what tests/manifests/install brings: tests/run manifests"]
fn every_object_is_what_its_schema_says() {
    let targets = targets(&root()).expect("the tree");
    let texts: Vec<_> = targets
        .iter()
        .map(|target| {
            let text = render(&root(), target).unwrap_or_else(|error| panic!("{}: {error:#}", target.name));
            (target.name.clone(), text)
        })
        .collect();
    // A fault of a base is one of every overlay too: it is told once, with the first.
    let mut faults: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for fault in Bench::new(&schemas(), &texts).check() {
        let (file, message) = fault.split_once(": ").expect("a file and words");
        faults.entry(message.to_owned()).or_default().push(file.to_owned());
    }
    let told =
        faults.iter().map(|(message, files)| format!("{} and {} more: {message}", files[0], files.len() - 1));
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), told.collect::<Vec<_>>().join("\n"));
}

/// The manifests that the rules are tried on are real ones; and each of `broken/schema` has a fault that it names.
#[test]
#[ignore = "needs what tests/manifests/install brings: tests/run manifests"]
fn faults_are_found_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("broken");
    let read = |path: &Path| fs::read_to_string(path).expect("readable");
    let schemas = schemas();
    let sound = [("sound".to_owned(), read(&folder.join("sound.yaml")))];
    assert_eq!(Bench::new(&schemas, &sound).check(), [""; 0]);
    let mut files: Vec<_> = fs::read_dir(folder.join("schema")).expect("a folder").flatten().collect();
    files.sort_by_key(fs::DirEntry::file_name);
    assert!(!files.is_empty());
    for file in files {
        let text = read(&file.path());
        let expected = text
            .lines()
            .find_map(|line| line.strip_prefix("# expect: "))
            .expect("a line that says what is wrong");
        let faults = Bench::new(&schemas, &[("broken".to_owned(), text.clone())]).check();
        let [fault] = &faults[..] else { panic!("{}: {faults:#?}", file.path().display()) };
        assert!(fault.contains(expected), "{}: {fault}", file.path().display());
    }
}
