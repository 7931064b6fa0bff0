# What libraries of R read from a file: Rscript readers.R PROGRAM FILE KEY... prints JSON.
arguments <- commandArgs(trailingOnly = TRUE)
program <- arguments[1]
path <- arguments[2]
quoted <- function(text) {
  text <- gsub("\\", "\\\\", as.character(text), fixed = TRUE)
  paste0("\"", gsub("[[:cntrl:]]", " ", gsub("\"", "\\\"", text, fixed = TRUE)), "\"")
}
one <- function(value) if (is.na(value)) "null" else format(as.numeric(value), digits = 17)
plain <- function(value) {
  if (is.factor(value)) value <- as.character(value)
  if (inherits(value, "integer64")) value <- as.numeric(as.character(value))
  if (is.data.frame(value) || is.list(value)) return(paste0("[", paste(sapply(value, plain), collapse = ","), "]"))
  if (is.complex(value)) return(paste0("[", paste(sprintf("[%s,%s]", Re(value), Im(value)), collapse = ","), "]"))
  items <- if (is.character(value)) quoted(value) else if (is.logical(value)) tolower(value) else sapply(value, one)
  paste0("[", paste(items, collapse = ","), "]")
}
suppressPackageStartupMessages(library(program, character.only = TRUE))
read <- if (program == "rhdf5") function(key) h5read(path, key) else {
  file <- H5File$new(path, "r")
  function(key) file[[key]]$read()
}
parts <- sprintf("\"version\": \"%s\"", packageVersion(program))
for (key in arguments[-(1:2)]) {
  found <- tryCatch(suppressWarnings(plain(read(key))),
    error = function(error) sprintf("{\"error\": %s}", quoted(substr(conditionMessage(error), 1, 150))))
  parts <- c(parts, sprintf("%s: %s", quoted(key), found))
}
cat("RESULT {", paste(parts, collapse = ", "), "}\n", sep = "")
