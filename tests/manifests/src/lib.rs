//! Every overlay and component, rendered and held against the rules.
