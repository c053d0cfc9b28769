"""What makes a node one of several: who belongs to the cluster, who leads it, and what the others are told."""
