"""What the answers compute: derivations, small demonstrations, loops by hand. Knows nothing of facts and documents."""
