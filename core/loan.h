/* The environ of one call: a copy of the best prototype there is, or the prototype itself. That is lent
 * only to apps that leave it as it was, which is looked at behind every call. */
#ifndef FAPWS4_LOAN_H
#define FAPWS4_LOAN_H

#include "prototypes.h"
#include "routes.h"

/* Zeroed: nothing is lent. */
struct loan {
    PyObject *environ; /* what the app gets; a reference of the loan's */
    struct prototype prototype;
    bool lent;
};

/* Before the first loan; after the last. */
void loan_init(void);
void loan_finish(void);

/* Fills `loan`. 0, or -1 with an error set; loan_end is due in any case. */
int loan_begin(struct loan *loan, struct route *route, const struct request *request,
               const struct visitor *visitor);

/* Lets go of the environ, when no error is set: the app is done with it, unless it has kept it. */
void loan_end(struct loan *loan, struct route *route, const struct request *request);

#endif
