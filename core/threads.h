/* Lets the app's other Python threads run while the loop sleeps. */
#ifndef FAPWS4_THREADS_H
#define FAPWS4_THREADS_H

/* Before the loop sleeps. After it nothing of Python may be touched until threads_hold. */
void threads_let_run(void);

/* Before Python is touched again; calling it more often is legal and costs nothing. */
void threads_hold(void);

#endif
