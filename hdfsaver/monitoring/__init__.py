"""Training under supervision: sessions that initialize, restore, save and stop by themselves."""
