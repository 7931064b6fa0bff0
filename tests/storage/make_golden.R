# Makes the files of R in golden/: vectors and data frames as hdf5r 1.3.8 and rhdf5 2.42.0 write them, in R 4.2.2.
#
#     cd tests/storage && Rscript make_golden.R

frame <- data.frame(x = 1:2, y = c(0.5, 1))

library(hdf5r)
file <- H5File$new("golden/hdf5r.h5", "w")
file$create_dataset("logical", robj = c(TRUE, FALSE, NA), chunk_dims = 4)
file$create_dataset("factor", robj = factor(c("u", "v", "u")), chunk_dims = 4)
file$create_dataset("matrix", robj = matrix(1:6, 2), chunk_dims = c(2, 3))
file$create_dataset("frame", robj = frame, chunk_dims = 4)
file$close_all()

library(rhdf5)
h5createFile("golden/rhdf5.h5")
h5write(c(TRUE, FALSE, NA), "golden/rhdf5.h5", "logical")
h5write(matrix(1:6, 2), "golden/rhdf5.h5", "matrix")
h5write(c("a", "bb"), "golden/rhdf5.h5", "text")
h5write(frame, "golden/rhdf5.h5", "frame")
h5write(integer(0), "golden/rhdf5.h5", "none")
