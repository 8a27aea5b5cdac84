/* Workloads that are told what to do by number, for gilscope to be held against their truth. */
#ifndef TOUR_CALIBRATE_H
#define TOUR_CALIBRATE_H

/* argv[0] names the workload, numbers follow.  Return: an exit status; 2: no such workload. */
int calibrate(int argc, char **argv);

#endif
