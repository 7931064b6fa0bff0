% What Octave reads from a file: octave readers.m FILE KEY... prints JSON.
arguments = argv();
parts = {sprintf('"version": "%s"', version())};
loaded = struct();
problem = '';
try
  loaded = load(arguments{1});
catch failure
  problem = failure.message;
end
for k = 2:numel(arguments)
  names = strsplit(arguments{k}, '/');
  try
    if ! isempty(problem), error('%s', problem); end
    value = loaded;
    for n = 1:numel(names), value = value.(names{n}); end
    if isstruct(value), value = struct2cell(value); end
    text = jsonencode(value);
    if iscomplex(value), text = jsonencode([real(value(:)), imag(value(:))]); end
  catch failure
    text = sprintf('{"error": %s}', jsonencode(failure.message));
  end
  parts{end + 1} = sprintf('%s: %s', jsonencode(arguments{k}), text);
end
printf('RESULT {%s}\n', strjoin(parts, ', '));
