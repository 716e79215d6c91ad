-- The index: everything the pages ask, derived from the sealed runs and disposable.
-- Dimensions are small integers; -1 stands for null (domain, perturbation, echo_set).
CREATE TABLE meta (key VARCHAR, value VARCHAR);

CREATE TABLE models (code INTEGER, name VARCHAR);
CREATE TABLE tasks (code INTEGER, name VARCHAR);
CREATE TABLE measures (code INTEGER, name VARCHAR);
CREATE TABLE domains (code INTEGER, name VARCHAR);
CREATE TABLE perturbations (code INTEGER, name VARCHAR);

CREATE TABLE runs (
    run INTEGER, run_id VARCHAR, task INTEGER, model INTEGER, revision VARCHAR, created VARCHAR,
    n_outcomes BIGINT,           -- rows of the run
    n_counted BIGINT,            -- rows that count: no later run of the model has the variant
    n_duplicates BIGINT,         -- rows that repeat a (variant, trial) of the same run
    measures VARCHAR             -- JSON, as in the manifest
);

-- Per task: ordinals start at 0 and never change while the index only grows.
CREATE TABLE items (
    task INTEGER, item INTEGER, item_id VARCHAR, item_set VARCHAR, domain INTEGER,
    cluster INTEGER,             -- first item of the same group, else the item itself
    group_id VARCHAR, input VARCHAR, messages VARCHAR, choices VARCHAR, reference VARCHAR,
    attributes VARCHAR,
    bare BOOLEAN DEFAULT false   -- known by its id only
);
CREATE TABLE variants (
    task INTEGER, variant INTEGER, variant_id VARCHAR, item INTEGER, perturbation INTEGER,
    tier SMALLINT, strength DOUBLE, unit VARCHAR, seed BIGINT, input VARCHAR, attributes VARCHAR,
    bare BOOLEAN DEFAULT false
);
CREATE TABLE task_perturbations (task INTEGER, perturbation INTEGER, axis VARCHAR, unit VARCHAR);
-- The contents an item was seen with, numbered at first sight, and who saw which.
CREATE TABLE item_hashes (task INTEGER, item INTEGER, content_hash VARCHAR, version INTEGER);
CREATE TABLE item_versions (task INTEGER, item INTEGER, model INTEGER, version INTEGER);
-- An echo set is a set of paired perturbations; an original stands in each of them as tier 0.
CREATE TABLE echo_sets (task INTEGER, echo_set INTEGER, perturbation INTEGER);
CREATE TABLE item_echoes (task INTEGER, item INTEGER, echo_set INTEGER);

CREATE TABLE variant_cells (     -- what is known of a variant whatever the model
    task INTEGER, variant INTEGER, item INTEGER, cluster INTEGER, domain INTEGER,
    perturbation INTEGER, tier SMALLINT, strength DOUBLE, echo_set INTEGER
);

CREATE TABLE facts (
    run INTEGER, model INTEGER, task INTEGER, variant INTEGER, item INTEGER, cluster INTEGER,
    domain INTEGER, perturbation INTEGER, tier SMALLINT, strength DOUBLE, echo_set INTEGER,
    latest BOOLEAN, trial INTEGER, status TINYINT, score DOUBLE, correct TINYINT,
    confidence DOUBLE, latency_s DOUBLE, tokens_in INTEGER, tokens_out INTEGER,
    probs FLOAT[], output VARCHAR, answer VARCHAR, error VARCHAR
);
CREATE TABLE imported (      -- values of measures other than score, correct and confidence
    run INTEGER, model INTEGER, task INTEGER, measure INTEGER, variant INTEGER, trial INTEGER,
    value DOUBLE
);

CREATE TABLE attributes (
    task INTEGER, name VARCHAR, "column" VARCHAR, type VARCHAR, n_known BIGINT, n_values BIGINT,
    "values" VARCHAR
);
-- Derived values, each with a table per task: derived_<number>_<task> (a row per variant), or
-- derived_runs_<number>_<task> (per run and variant). `attributes` lists their columns as
-- "<table without task>.<column>".
CREATE TABLE derived (number INTEGER, derived_id VARCHAR, digest VARCHAR, kind VARCHAR);

-- One row per model x measure x task x cell, for every subset of {domain, perturbation, tier}.
-- `level` has bit 4 if domain is kept, bit 2 perturbation, bit 1 tier; a merged column holds -2.
CREATE TABLE cube (
    task INTEGER, measure INTEGER, model INTEGER, level TINYINT,
    domain INTEGER, perturbation INTEGER, tier SMALLINT,
    n_rows BIGINT, n_answered_rows BIGINT, n_abstained BIGINT, n_refused BIGINT,
    n_errored BIGINT, n_unscored BIGINT,
    total DOUBLE, n_scored BIGINT, n_answered BIGINT,      -- moments of the known values
    c_scored BIGINT, c_answered BIGINT,                    -- clusters that have some
    tt DOUBLE, ts DOUBLE, ta DOUBLE, ss DOUBLE, sa DOUBLE, aa DOUBLE,
    sq DOUBLE, n_other BIGINT,                             -- n_other: values that are not 0 or 1
    n_known BIGINT, known_hash UBIGINT                     -- the set of variants with a value
);
CREATE TABLE confidence_cube (
    task INTEGER, model INTEGER, domain INTEGER, perturbation INTEGER, tier SMALLINT, bin SMALLINT,
    n BIGINT, n_correct BIGINT, total_confidence DOUBLE
);
CREATE TABLE cluster_cube (
    task INTEGER, measure INTEGER, model INTEGER, domain INTEGER, perturbation INTEGER,
    tier SMALLINT, echo_set INTEGER, cluster INTEGER,
    n_rows BIGINT, n_answered_rows BIGINT, n_abstained BIGINT, n_refused BIGINT,
    n_errored BIGINT, n_unscored BIGINT,
    total DOUBLE, n_scored BIGINT, n_answered BIGINT, sq DOUBLE, n_other BIGINT
);
CREATE TABLE task_models (task INTEGER, model INTEGER, n_variants BIGINT);
CREATE TABLE task_facts (
    task INTEGER, n_items BIGINT, n_variants BIGINT, n_outcomes BIGINT, single_trial BOOLEAN,
    clusters_nest BOOLEAN,       -- every cluster lies in one domain
    n_edited BIGINT, has_cluster_cube BOOLEAN
);
