/* The account a program leaves of itself: see tour.h for what goes into it. */
#ifndef TOUR_ACCOUNT_H
#define TOUR_ACCOUNT_H

/* Start the runtime: own truth on, then the GIL taken, so that both see every take. */
void account_begin(void);

/*
 * Write the account to the descriptor that GILSCOPE_ACCOUNT_FD names, if any.
 * Return: the program's exit status: 0 if all that tour_expect() was told holds, else 1.
 */
int account_end(void);

#endif
