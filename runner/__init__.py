"""try/finally for a helpdesk: a declarative outage playbook runner."""

__version__ = "0.1.0"
