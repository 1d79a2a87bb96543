#error "excluded by sources.inc"
