//! Every overlay and component, rendered and held against the rules.
//!
//! 1. [`render`]: finds what can be applied, and renders it with `kubectl kustomize`.
//! 2. [`object`], [`workload`], [`quantity`], [`policy`]: what rendered objects mean, as far as a rule has to know.
//! 3. [`rules`]: one file a rule. Each says why it is there, and what breaks it lies in `broken/`.
//! 4. [`facts`]: what rules hold manifests against: the list of images, and the variables that a service reads.
//! 5. [`schema`]: JSON schemas, as strict as an API server that refuses unknown fields, for kubeconform.
//! 6. [`expressions`] of rules and dashboards, and [`promql`]: which metrics and labels they ask for.

pub mod expressions;
pub mod facts;
pub mod object;
pub mod policy;
pub mod promql;
pub mod quantity;
pub mod render;
pub mod rules;
pub mod schema;
pub mod workload;
