# Makes the files of R in golden/: texts of variable length as hdf5r 1.3.8 and rhdf5 2.42.0 write them, in R 4.2.2.
#
#     cd tests/storage/hdf5 && Rscript make_golden.R

library(hdf5r)
file <- H5File$new("golden/hdf5r.h5", "w")
file$create_dataset("names", robj = c("a", "", "\u00c4"), chunk_dims = 8)
file$create_dataset(
  "table", robj = matrix(c("a", "b", "c", "d", "e", "f"), 2), chunk_dims = c(2, 2),
  dtype = H5T_STRING$new(size = Inf)
)
file$close_all()

library(rhdf5)
h5createFile("golden/rhdf5.h5")
h5createDataset("golden/rhdf5.h5", "names", 3, storage.mode = "character", size = NULL)
h5write(c("a", "", "bcd"), "golden/rhdf5.h5", "names")
