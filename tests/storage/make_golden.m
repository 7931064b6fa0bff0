% Makes golden/octave.h5 as Octave 7.3.0 writes it: octave --no-gui make_golden.m

a = [1 2; 3 4];
flag = [true false];
wave = [1+2i 3];
none = zeros (0, 3);
small = int16 ([]);
text = "hello";
notext = "";
nothing = {};
range = 1:5;
point.x = 1;
save -hdf5 golden/octave.h5 a flag wave none small text notext nothing range point
