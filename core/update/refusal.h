/* Why an update is not installed: one sentence each, for whoever stands before the device. */
#ifndef FAPWS4_UPDATE_REFUSAL_H
#define FAPWS4_UPDATE_REFUSAL_H

#define REFUSALS(X)                                                                                \
    X(REFUSED_UNKNOWN_DEVICE,                                                                      \
      "this device does not know what it is (/etc/appliance.*): flash it anew")                    \
    X(REFUSED_NO_KEYS, "this device accepts no updates: its image was built without --keys")       \
    X(REFUSED_NOT_A_BUNDLE, "this is not an update bundle: make one with invoke bundle")           \
    X(REFUSED_CUT_SHORT, "the bundle is cut short: copy it again")                                 \
    X(REFUSED_TOO_LONG, "the bundle is longer than it says: copy it again")                        \
    X(REFUSED_MANIFEST_TOO_LARGE, "the bundle is damaged: its manifest is too large")              \
    X(REFUSED_SIGNATURE,                                                                           \
      "the bundle is not signed by enough keys that this device trusts, or it is damaged: "        \
      "sign it with invoke sign")                                                                  \
    X(REFUSED_NEW_KEYS,                                                                            \
      "the bundle brings other keys and is not signed by enough of them: sign it with the new "    \
      "keys too")                                                                                  \
    X(REFUSED_MANIFEST,                                                                            \
      "the bundle is properly signed and of a kind that this version does not know: install a "    \
      "version between the two first")                                                             \
    X(REFUSED_PRODUCT, "the bundle is for another product")                                        \
    X(REFUSED_BOARD, "the bundle is for another board")                                            \
    X(REFUSED_OLDER, "the bundle is older than the version that runs: its counter is lower")       \
    X(REFUSED_SAME, "the version of this bundle runs already: their counters are the same")        \
    X(REFUSED_NO_ROOM, "the version is too large for a slot of this device")                       \
    X(REFUSED_DAMAGED, "the bundle is damaged: copy it again")                                     \
    X(REFUSED_UNCONFIRMED,                                                                         \
      "the last update waits for its trial: let the device start once, then try again")            \
    X(REFUSED_READ, "the disk cannot be read")                                                     \
    X(REFUSED_WRITE, "the disk cannot be written")                                                 \
    X(REFUSED_READ_BACK, "what was written does not read back as it was: the disk is failing")

enum refusal {
    ACCEPTED,
#define NAME(name, text) name,
    REFUSALS(NAME)
#undef NAME
};

/* The sentence, without a full stop; "" for ACCEPTED. */
const char *refusal_text(enum refusal refusal);

#endif
