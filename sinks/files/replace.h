// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sinks/files/folder.h"

namespace longshore {

// Puts new content in the place of a file, all at once: whoever reads it sees the old or the new
// one, and after a crash at any moment one of the two is there.
//
//   prepare()  writes a hidden file ".longshore-<16 hex digits>.tmp" beside it, gives it the mode,
//              owner and extended attributes of the original, and syncs it
//   commit()   checks that the original is still what was read, renames, and syncs the folder
//
// Destroying it before commit() removes the hidden file; a crash leaves it, to be removed by the
// next start (is_leftover()). Between the check and the rename somebody else's write can still be
// lost: the system offers no way to close that gap.
class FileReplacement {
 public:
  // The file `name` directly in folder was read as `original`. Returns unsupported for a file with
  // several hard links (the others would keep the old content), unauthorized where the owner or an
  // attribute cannot be kept or the folder cannot be written to, io if the disk is full or fails.
  static Result<FileReplacement> prepare(Fd folder, std::string name, FileContent original,
                                         std::string_view bytes);
  // Returns the status of the file that is now there. Returns conflict, and leaves all as it is, if
  // the original was changed, replaced or removed since it was read. With io after the rename, the
  // new content is there but a power cut might bring the old one back.
  Result<FileSignature> commit();

  FileReplacement(FileReplacement&&) = default;
  FileReplacement& operator=(FileReplacement&&) = delete;
  ~FileReplacement();

 private:
  FileReplacement(Fd folder, std::string name, FileContent original)
      : folder_(std::move(folder)), name_(std::move(name)), original_(std::move(original)) {}
  Status write(std::string_view bytes);
  Status copy_attributes();
  Status check_unchanged() const;

  Fd folder_;
  std::string name_;
  FileContent original_;
  std::string temporary_;  // empty: none to remove
  Fd file_;
};

// Whether a name is one of prepare()'s.
bool is_leftover(std::string_view name) noexcept;

}  // namespace longshore
