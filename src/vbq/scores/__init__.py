"""Scores from readings and components.

marker    the VBQ, and scores like it, from region-of-interest readings
sins      the Spinal Instability Neoplastic Score
"""
