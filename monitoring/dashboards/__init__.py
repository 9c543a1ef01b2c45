"""Grafana's dashboards: what each panel asks, and in `grafana` how Grafana writes it down."""
