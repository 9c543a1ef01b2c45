"""Prometheus's rules, scrape configuration and Grafana's dashboards, made from a stack's settings."""
