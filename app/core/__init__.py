"""What every other package builds on; imports nothing of Inglenook and no Qt."""
