"""`workbuoy image`: builds the image, with Docker where its engine answers, else with buildah."""
