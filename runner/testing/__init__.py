"""What provider authors use to prove a provider: the conformance suite and an in-memory slot world."""
