"""Grafana's dashboards: made from short definitions, checked against a Prometheus, and drawn as pictures.

    python -m tools.dashboards.generate            writes deploy/helm/also/dashboards/*.json
    python -m tools.dashboards.draw --prometheus URL --campaign ID -o docs/images

The JSON files are what Grafana loads. `expressions` reads them, and the rules beside them, so a file that somebody
edits in Grafana and puts there is checked and drawn as well.
"""
