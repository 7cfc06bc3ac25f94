/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "bytestream_name.h"

int bytestream_name(const char *sid, const char *requester, const char *target,
		    uint8_t name[LEG_NAME_BYTES])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1 &&
		 EVP_DigestUpdate(ctx, sid, strlen(sid)) == 1 &&
		 EVP_DigestUpdate(ctx, requester, strlen(requester)) == 1 &&
		 EVP_DigestUpdate(ctx, target, strlen(target)) == 1 &&
		 EVP_DigestFinal_ex(ctx, digest, &len) == 1;

	EVP_MD_CTX_free(ctx);
	if (!ok || len != LEG_NAME_BYTES)
		return -EIO;
	memcpy(name, digest, LEG_NAME_BYTES);
	return 0;
}
