/*
 * Giving up root (-Z). Groups go first, since without root they could not; then it is made sure that there is no way back.
 */
#include "cli/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(const char *user, const char *why)
{
	fprintf(stderr, "envscope: can't give up root for %s: %s\n", user, why);
	return false;
}

static bool become(const char *user, const struct passwd *p)
{
	if (p->pw_uid == geteuid() && p->pw_uid == getuid())
		return true;
	if (initgroups(p->pw_name, p->pw_gid) != 0 || setgid(p->pw_gid) != 0 || setuid(p->pw_uid) != 0)
		return fail(user, strerror(errno));
	if (p->pw_uid != 0 && setuid(0) == 0)
		return fail(user, "it could be taken back");
	return true;
}

bool privileges_drop(const char *user, bool live)
{
	const char *sudo = getenv("SUDO_USER");
	if (!user && (!live || geteuid() != 0 || !sudo || !*sudo))
		return true;
	const char *who = user ? user : sudo;
	const struct passwd *p = getpwnam(who);
	return p ? become(who, p) : fail(who, "there is no such user");
}
