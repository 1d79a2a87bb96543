#error "tinygen has a DebugLog of its own"
