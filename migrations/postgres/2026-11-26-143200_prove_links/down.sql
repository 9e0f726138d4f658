DROP TABLE link_proofs;
