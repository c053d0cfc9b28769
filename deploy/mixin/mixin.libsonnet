// The generated rules and dashboards as a monitoring mixin. As it is, it is what deploy/prometheus and deploy/grafana hold,
// so the rule tests there (promtool test rules tests.yml) hold for it. Change it by its _config:
//
//   (import 'github.com/OWNER/REPOSITORY/deploy/mixin/mixin.libsonnet') + {
//     _config+:: {
//       selector: 'cluster="shop"',
//       runbookUrl: 'https://wiki.example/nun-db',
//       thresholds: { NundbQueriesSlow: { '0.1': '0.5' } },
//       alerts: { NundbPendingBacklog: { labels+: { severity: 'critical' } } },
//       without: ['NundbExporterSamplesDropped'],
//     },
//   }
//
// jsonnet-bundler takes all of deploy, because the files lie beside this one: jb install github.com/OWNER/REPOSITORY/deploy@main
local promql = import 'promql.libsonnet';

local rulesOf(text) = std.parseYaml(text).groups;

{
  local config = self._config,

  _config:: {
    // Matchers that every metric in an alert or a recording gets, such as 'cluster="shop"'. Dashboards have variables instead.
    selector: '',
    // The runbook's page; its entries are anchors of it. null: the project's own.
    runbookUrl: null,
    // By alert: which number in its expression becomes which. A number that is not there is an error.
    thresholds: {},
    // By alert: fields that are laid over it, such as { 'for': '10m' } or { labels+: { team: 'db' } }.
    alerts: {},
    // Names of alerts to leave out.
    without: [],
  },

  local names = [rule.alert for group in rulesOf(importstr '../prometheus/alerts.yml') for rule in group.rules],
  local known(given) = [name for name in given if !std.member(names, name)],
  local unknown = known(std.objectFields(config.thresholds) + std.objectFields(config.alerts) + config.without),

  local runbook(rule) =
    if config.runbookUrl == null then {}
    else { annotations+: { runbook_url: config.runbookUrl + '#' + std.asciiLower(rule.alert) } },

  local alert(rule) =
    rule
    { expr: promql.select(promql.renumber(rule.expr, std.get(config.thresholds, rule.alert, {}), rule.alert), config.selector) }
    + runbook(rule)
    + std.get(config.alerts, rule.alert, {}),

  prometheusAlerts+:: {
    assert std.length(unknown) == 0 : 'there is no alert ' + std.join(', ', unknown),
    groups+: [
      group { rules: [alert(rule) for rule in group.rules if !std.member(config.without, rule.alert)] }
      for group in rulesOf(importstr '../prometheus/alerts.yml')
    ],
  },

  prometheusRules+:: {
    groups+: [
      group { rules: [rule { expr: promql.select(rule.expr, config.selector) } for rule in group.rules] }
      for group in rulesOf(importstr '../prometheus/recordings.yml')
    ],
  },

  grafanaDashboards+:: {
    'nundb-canary.json': import '../grafana/nundb-canary.json',
    'nundb-databases.json': import '../grafana/nundb-databases.json',
    'nundb-hosts.json': import '../grafana/nundb-hosts.json',
    'nundb-older-names.json': import '../grafana/nundb-older-names.json',
    'nundb-overview.json': import '../grafana/nundb-overview.json',
    'nundb-queries.json': import '../grafana/nundb-queries.json',
    'nundb-replication.json': import '../grafana/nundb-replication.json',
    'nundb-storage.json': import '../grafana/nundb-storage.json',
  },
}
