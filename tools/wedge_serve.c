/* SPDX-License-Identifier: MIT */
/*
 * wedge_serve.c - what wedgefs answers to each request of the kernel.
 *
 * The root is the only directory; the inode number of a file is its address, as
 * the kernel never names one that it was not told or has forgotten. FLUSH, WRITE,
 * FSYNC and RELEASE go through the gate, all else is answered at once.
 */
#include "wedge_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "wedge_files.h"
#include "wedge_gate.h"

#define CACHE_SECONDS 1.0

static struct wedge_file *file_of(fuse_ino_t inode)
{
	return (struct wedge_file *)(uintptr_t)inode;
}

static struct stat attributes_of(fuse_ino_t inode)
{
	struct stat attributes = { .st_ino = inode, .st_nlink = 1 };

	if (inode == FUSE_ROOT_ID) {
		attributes.st_mode = S_IFDIR | 0755;
		return attributes;
	}
	attributes.st_mode = S_IFREG | (file_of(inode)->mode & 07777);
	attributes.st_size = (off_t)file_of(inode)->size;
	return attributes;
}

static struct fuse_entry_param entry_of(struct wedge_file *file)
{
	fuse_ino_t inode = (fuse_ino_t)(uintptr_t)file;

	file->lookups++;
	return (struct fuse_entry_param){ .ino = inode,
					  .attr = attributes_of(inode),
					  .attr_timeout = CACHE_SECONDS,
					  .entry_timeout = CACHE_SECONDS };
}

static void serve_init(void *user, struct fuse_conn_info *connection)
{
	struct wedge_service *service = user;

	connection->want &= ~FUSE_CAP_WRITEBACK_CACHE;
	if (service->writeback)
		connection->want |= connection->capable & FUSE_CAP_WRITEBACK_CACHE;
	/* The default of 12 would let few hung RELEASE and WRITE block the others. */
	connection->max_background = UINT16_MAX;
	connection->congestion_threshold = UINT16_MAX;
	service->control->ready = 1;
}

static void serve_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct wedge_file *file = wedge_files_find(name);

	(void)parent;
	if (!file) {
		fuse_reply_err(request, ENOENT);
		return;
	}
	struct fuse_entry_param entry = entry_of(file);
	fuse_reply_entry(request, &entry);
}

static void serve_forget(fuse_req_t request, fuse_ino_t inode, uint64_t lookups)
{
	if (inode != FUSE_ROOT_ID)
		wedge_files_forget(file_of(inode), lookups);
	fuse_reply_none(request);
}

static void serve_getattr(fuse_req_t request, fuse_ino_t inode,
			  struct fuse_file_info *opened)
{
	struct stat attributes = attributes_of(inode);

	(void)opened;
	fuse_reply_attr(request, &attributes, CACHE_SECONDS);
}

static void serve_setattr(fuse_req_t request, fuse_ino_t inode, struct stat *wanted,
			  int which, struct fuse_file_info *opened)
{
	int error = 0;

	if (inode != FUSE_ROOT_ID && (which & FUSE_SET_ATTR_MODE))
		file_of(inode)->mode = wanted->st_mode;
	if (inode != FUSE_ROOT_ID && (which & FUSE_SET_ATTR_SIZE))
		error = wedge_files_resize(file_of(inode), wanted->st_size);
	if (error)
		fuse_reply_err(request, error);
	else
		serve_getattr(request, inode, opened);
}

static void serve_create(fuse_req_t request, fuse_ino_t parent, const char *name,
			 mode_t mode, struct fuse_file_info *opened)
{
	struct wedge_file *file = wedge_files_create(name, mode);

	(void)parent;
	if (!file) {
		fuse_reply_err(request, ENOMEM);
		return;
	}
	struct fuse_entry_param entry = entry_of(file);
	fuse_reply_create(request, &entry, opened);
}

static void serve_open(fuse_req_t request, fuse_ino_t inode,
		       struct fuse_file_info *opened)
{
	(void)inode;
	fuse_reply_open(request, opened);
}

static void serve_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
		       struct fuse_file_info *opened)
{
	struct wedge_file *file = file_of(inode);
	size_t left = 0;

	(void)opened;
	if ((size_t)offset < file->size)
		left = file->size - (size_t)offset;
	fuse_reply_buf(request, left ? file->bytes + offset : NULL,
		       left < size ? left : size);
}

static void serve_write(fuse_req_t request, fuse_ino_t inode, const char *bytes,
			size_t size, off_t offset, struct fuse_file_info *opened)
{
	(void)opened;
	wedge_gate_take(&(struct wedge_request){ .fuse = request,
						 .operation = WEDGE_WRITE,
						 .file = file_of(inode),
						 .bytes = bytes,
						 .size = size,
						 .offset = offset });
}

static void serve_flush(fuse_req_t request, fuse_ino_t inode,
			struct fuse_file_info *opened)
{
	(void)opened;
	wedge_gate_take(&(struct wedge_request){
		.fuse = request, .operation = WEDGE_FLUSH, .file = file_of(inode) });
}

static void serve_fsync(fuse_req_t request, fuse_ino_t inode, int only_data,
			struct fuse_file_info *opened)
{
	(void)only_data;
	(void)opened;
	wedge_gate_take(&(struct wedge_request){
		.fuse = request, .operation = WEDGE_FSYNC, .file = file_of(inode) });
}

static void serve_release(fuse_req_t request, fuse_ino_t inode,
			  struct fuse_file_info *opened)
{
	(void)opened;
	wedge_gate_take(&(struct wedge_request){
		.fuse = request, .operation = WEDGE_RELEASE, .file = file_of(inode) });
}

static void serve_unlink(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	(void)parent;
	fuse_reply_err(request, wedge_files_unlink(name));
}

static void serve_readdir(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
			  struct fuse_file_info *opened)
{
	struct wedge_file *file = wedge_files_after((uint64_t)offset);
	char *page = malloc(size);
	size_t used = 0;

	(void)inode;
	(void)opened;
	if (!page) {
		fuse_reply_err(request, ENOMEM);
		return;
	}
	while (file) {
		struct stat attributes = attributes_of((fuse_ino_t)(uintptr_t)file);
		size_t more =
			fuse_add_direntry(request, page + used, size - used, file->name,
					  &attributes, (off_t)file->number);
		if (more > size - used)
			break;
		used += more;
		file = file->hh.next;
	}
	fuse_reply_buf(request, page, used);
	free(page);
}

const struct fuse_lowlevel_ops wedge_serve_operations = {
	.init = serve_init,
	.lookup = serve_lookup,
	.forget = serve_forget,
	.getattr = serve_getattr,
	.setattr = serve_setattr,
	.create = serve_create,
	.open = serve_open,
	.read = serve_read,
	.write = serve_write,
	.flush = serve_flush,
	.fsync = serve_fsync,
	.release = serve_release,
	.unlink = serve_unlink,
	.readdir = serve_readdir,
};
