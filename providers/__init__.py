"""Targets that the runner can drive. Each provider sees runner.model, runner.spi, runner.kinds and nothing else."""
