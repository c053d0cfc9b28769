"""What can be wrong with a node or a cluster and can be judged from one moment: names, words and thresholds, once.

Alerts (`monitoring`) and findings (`check`, `/report`, the landing page, the demo) take from here what they share, so
that they say the same thing in the same words and draw the line at the same number. Neither may import the other.

- To report a problem, fill in its sentence: `node.HUNG.say(node="http://10.0.0.1:3013", reason="…")`. A finding fills
  in values, an alert Prometheus templates such as `{{ $labels.instance }}` (`monitoring.rule.told`). `Problem.fields`
  names the fields. Those with the same name mean the same everywhere:

  | field | is | example |
  |---|---|---|
  | node | a node | http://10.0.0.1:3013 |
  | cluster | the nodes that are compared | the cluster |
  | member, database, collector, transport | the name of one | 10.0.0.2:3014 |
  | operations, snapshots, conflicts | a count with its noun | 5 operations |
  | count | a number alone | 5 |
  | age, duration, size, limit | with its unit | 4 min 10 s |
  | reason | a clause without a full stop, after a colon | connection refused |

- A threshold is a constant beside its problem. The condition is *more than* the threshold, in alerts and findings
  alike.
- What needs more than one moment (a node that restarts again and again, an average that stays high) has no entry here:
  its alert has its own words.
- To add a problem: write it in the file of its subject and add it to that file's PROBLEMS, which `catalog` gathers.
  Unless `has_alert` is False, an alert of the same name must exist; a test says so.
"""
