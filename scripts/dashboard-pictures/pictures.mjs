// Which pictures there are, and what the clusters in them have gone through.

/** How long a cluster is watched: beyond the `for` of the alerts that its faults shall fire. */
export const MINUTES = 9;

/** When the fault begins, in seconds. */
export const FAULT_AFTER = 150;

/** Clusters of the demo, by name, and the faults of each. */
export const CLUSTERS = {
  healthy: [],
  failing: ["dead-replica"],
  split: ["two-primaries"],
};

/** Of which cluster all dashboards are drawn, so that no panel is left out. */
export const COMPLETE = "failing";

/** Of which dashboard, with which of its rows, and of which cluster. */
export const PICTURES = [
  { name: "dashboard-overview", dashboard: "nundb-overview", rows: ["All nodes"], cluster: "healthy" },
  {
    name: "dashboard-overview-failing",
    dashboard: "nundb-overview",
    rows: ["All nodes", "Replication and operation log"],
    cluster: "failing",
  },
  {
    name: "dashboard-replication",
    dashboard: "nundb-replication",
    rows: ["Pending operations by member", "Views of the cluster"],
    cluster: "split",
  },
  { name: "dashboard-queries", dashboard: "nundb-queries", rows: ["Commands"], cluster: "healthy" },
  { name: "dashboard-storage", dashboard: "nundb-storage", rows: ["Snapshots", "Operation log"], cluster: "healthy" },
];
