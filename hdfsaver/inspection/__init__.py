"""Looking into files of any kind: parts and statistics of arrays, differences, histories, pictures of graphs."""
