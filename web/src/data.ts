// The documents that the pages show, field by field as python/src/dbt_scheduler/site/documents.py writes them.

export interface Index {
  format_version: 1;
  generated_at: string;
  folder: string; // the folder of the documents that belong to this index, below data/
  registry: string | null; // the URL, without secrets
  problems: string[]; // entries that cannot be read, one sentence each
  history_at?: string | null; // when the history was exported
  documents: string[]; // the optional documents that exist: "history", "findings"
  airflow_url: string | null;
  teams: { name: string; channel: string | null; tag: string[]; external: boolean }[];
  pipelines: string[];
  tags: string[];
  owners: string[];
  assets: {
    // arrays of equal length, sorted by name, then team; numbers are indexes into the arrays above and below
    name: string[];
    team: number[];
    exposed: (0 | 1)[];
    pipelines: number[][];
    ready: number[];
    task: string[];
    readers: number[][];
    tags: number[][];
    owners: number[][];
    columns: string[];
    slo: ([number, number] | null)[]; // of the last 30 runs with an SLO: [met, total]
  };
  readiness: string[];
}

export interface Edges {
  from: number[];
  to: number[];
  kind: number[]; // an index into KINDS
  tasks: { team: number; task_id: string; dag_id: string }[]; // readers that produce no asset: node assets.length + i
}

export const KINDS = ["plain", "hard", "soft", "no_wait"] as const;
export type Kind = (typeof KINDS)[number];

export interface Team {
  name: string;
  channel: string | null;
  tag: string[];
  external: boolean;
  project: string | null;
  pipelines: { name: string; schedule: string; dag_id: string | null }[];
  assets: Record<string, Asset>;
  reads: {
    asset: string;
    team: string;
    channel: string | null;
    ready: string | null;
    dependency: string;
    dag_id: string;
    task_id: string;
  }[];
  acknowledged: { asset: string; change: string; reason: string }[];
}

export interface Asset {
  latest_of: string | null;
  task_id: string;
  exposed: boolean;
  description: string;
  tags: string[];
  owners: string[];
  relation: string | null;
  columns: { name: string; type: string | null; description: string }[];
  promises: {
    pipeline: string;
    dag_id: string;
    exposed: boolean;
    slo_seconds: number | null;
    ready: string;
  }[];
  consumers: Consumer[];
}

export interface Consumer {
  team: string;
  channel: string | null;
  dag_id: string;
  task_id: string;
  dependency: string;
  producer_pipeline: string;
  columns: string[] | "*" | null; // the columns of another team's asset that it reads; null: unknown
}

export interface History {
  format_version: 1;
  generated_at: string;
  since: string;
  until: string;
  runs: Run[];
  landings: Landing[];
  waits: Wait[];
  missing?: string[]; // descriptions of data that Airflow did not return in time
}

export interface Landings {
  landings: Landing[];
  missing: string[];
}

export interface SloMet {
  slo: ([number, number] | null)[]; // in the order of the requested assets
}

export interface Run {
  dag_id: string;
  run_id: string;
  team: string;
  other_teams: string[]; // other teams with assets that a hand-written DAG produces
  pipeline: string;
  period_start: string;
  period_end: string;
  due: string;
  state: string;
  start: string | null;
  end: string | null;
}

export interface Landing {
  team: string;
  asset: string;
  pipeline: string;
  dag_id: string;
  run_id: string;
  period_start: string;
  due: string | null; // by its SLO
  landed: string | null;
  met: boolean | null;
}

export interface Wait {
  dag_id: string;
  run_id: string;
  task_id: string; // the sensor
  team: string;
  producer_team: string;
  producer_asset: string;
  producer_dag_id: string;
  producer_task_id: string;
  producer_run_id: string | null;
  state: string;
  start: string | null;
  end: string | null;
  until: string | null;
}

export interface Findings {
  // the output of `check --format json`
  findings: {
    code: string;
    severity: string;
    path: string;
    line: number;
    message: string;
    hint: string;
    subject: string;
    team: string;
  }[];
}

export interface Now {
  generated_at: string;
  waits: Wait[]; // the open ones
  missing: string[];
}

export interface Step {
  dag_id: string;
  task_id: string;
  run_id: string | null;
  logical_date: string | null;
  data_interval_start: string | null;
  state: string | null;
  text: string;
  team: string;
  channel: string | null;
  url: string;
  through: string[];
  ends: boolean;
  hidden?: boolean; // the chain continues in a DAG that the user cannot view
  because: Step[];
  since?: string | null; // when it started to wait or to run
  until?: string | null; // when it times out
}

export interface Waiting {
  // sensors that wait for the run's data, sensors that will in a later run, and what the task itself waited for
  waiting: {
    team: string;
    channel: string | null;
    dag_id: string;
    run_id: string;
    sensor_task_id: string;
    dependency: string;
    state: string | null;
    since: string | null;
    until: string | null;
    url: string;
  }[];
  later: { team: string; channel: string | null; dag_id: string; sensor_task_id: string; dependency: string }[];
  waited: {
    sensor_task_id: string;
    team: string;
    asset: string;
    dependency: string;
    state: string | null;
    start: string | null;
    end: string | null;
    url: string;
  }[];
}
