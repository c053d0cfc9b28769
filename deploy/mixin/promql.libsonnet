// Two changes to an expression of PromQL, which is read as strings in double quotes, words, and what is between those.
local wordy = {
  [char]: null
  for char in std.stringChars('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.')
};

// The words of a part without strings, and what is between them, in their order; joined, they are the part.
local tokens(part) =
  local chars = std.stringChars(part);
  local inWord = [std.objectHas(wordy, char) for char in chars];
  local mark(index, char) = if index > 0 && inWord[index] != inWord[index - 1] then '\u0001' + char else char;
  std.split(std.join('', std.mapWithIndex(mark, chars)), '\u0001');

// The expression, in which `change` has rewritten the tokens of each part that is not a string.
local rewritten(expr, change) =
  std.join('"', std.mapWithIndex(
    function(index, part) if index % 2 == 1 then part else std.join('', change(tokens(part))), std.split(expr, '"')
  ));

local isMetric(token) =
  token == 'up' || std.startsWith(token, 'nundb_') || std.length(std.findSubstr(':nundb_', token)) > 0;

{
  // The expression, with matchers added to each metric.
  select(expr, matchers)::
    local add(tokens) = std.mapWithIndex(
      function(index, token)
        local last = index + 1 == std.length(tokens);
        local opened = index > 0 && isMetric(tokens[index - 1]) && std.startsWith(token, '{');
        (if opened then token[1:] else token)
        + (if !isMetric(token) then ''
           else if !last && std.startsWith(tokens[index + 1], '{') then '{' + matchers + ','
           else '{' + matchers + '}'),
      tokens
    );
    if matchers == '' then expr else rewritten(expr, add),

  // The expression with other numbers, of which each must be in it; `name` tells whose it is.
  renumber(expr, numbers, name)::
    if numbers == {} then expr else
    local words = std.flattenArrays([tokens(part) for part in std.split(expr, '"')]);
    local missing = [number for number in std.objectFields(numbers) if !std.member(words, number)];
    assert std.length(missing) == 0 : name + ' has no number ' + std.join(', ', missing);
    rewritten(expr, function(tokens) [std.get(numbers, token, token) for token in tokens]),
}
