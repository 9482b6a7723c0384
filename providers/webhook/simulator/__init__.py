"""Simulated channels: Slack, Microsoft Teams, Google Chat and a receiver of JSON, behind one address."""
