"""Re-run and external validation of the vertebral bone quality (VBQ) score."""
