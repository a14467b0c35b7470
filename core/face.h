/* What PID 1 starts this program as, besides as the app: the first word says it. It is no file that
 * could be executed, so no person comes to it by a link's name. */
#ifndef FAPWS4_FACE_H
#define FAPWS4_FACE_H

/* The pages of fapws4/recovery/ are served, and nothing of the app is touched. Only the program of
 * an image holds them. */
#define FACE_RECOVERY "/appliance/bin/recovery"
#define FACE_RECOVERY_MODULE "fapws4.recovery.pages"

#endif
