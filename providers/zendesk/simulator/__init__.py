"""A simulator of Zendesk's wire: what its documents and live recordings say, and nothing more generous."""
