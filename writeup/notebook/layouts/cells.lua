-- `pandoc lua cells.lua`: reads texts as JSON, each by itself, in a sandbox, and writes each as LaTeX.
-- What only Python knows how to set (formulas, pictures, program text) leaves a number between OPEN and CLOSE.

local OPEN, CLOSE = "\u{f0000}", "\u{f0001}"
local FORMULA = OPEN .. "m(%d+)" .. CLOSE
local MARKDOWN = "commonmark+pipe_tables+strikeout+task_lists+footnotes+autolink_bare_uris"
local READERS = { markdown = MARKDOWN, html = "html-native_divs-native_spans", latex = "latex", rst = "rst" }
local WIDTH = 486 -- points of a line
local SIZES = { { 10, 6, "" }, { 8, 4, "\\footnotesize" }, { 7, 3, "\\scriptsize" }, { 5, 2, "\\tiny" } }
local MOST_COLUMNS, MOST_LEVELS = 40, 9

local given = pandoc.json.decode(io.read("a"))
local formulas = given.formulas -- as they were written; those found here follow
local item -- the text that is being converted: its pictures, program texts and notes

local function taken(kind, list, what)
  table.insert(list, what)
  return OPEN .. kind .. (#list - 1) .. CLOSE
end

-- Formulas where no formula can stand are words again.
local function written(text)
  return (text:gsub(FORMULA, function(n) return formulas[tonumber(n) + 1] end))
end

local function cut(text, length, wrap)
  local pieces = pandoc.Inlines({})
  if text:find(OPEN) then return { wrap(text) } end
  for start = 1, utf8.len(text), length do
    if start > 1 then pieces:insert(pandoc.RawInline("latex", "\\allowbreak{}")) end
    local stop = utf8.offset(text, start + length)
    pieces:insert(wrap(text:sub(utf8.offset(text, start), stop and stop - 1 or -1)))
  end
  return pieces
end

local function length(text) return utf8.len((text:gsub(OPEN .. ".-" .. CLOSE, "formula"))) or #text end

local function breaking(longest, piece)
  return {
    Str = function(s) if length(s.text) > longest then return cut(s.text, piece, pandoc.Str) end end,
    Code = function(c) if length(c.text) > longest then return cut(c.text, piece, pandoc.Code) end end,
  }
end

local function without_id(element)
  element.identifier = ""
  return element
end

local plain = {
  Math = function(m)
    local d = m.mathtype == "DisplayMath" and "$$" or "$"
    table.insert(formulas, d .. m.text .. d)
    return pandoc.Str(OPEN .. "m" .. (#formulas - 1) .. CLOSE)
  end,
  Str = function(s) -- an apostrophe as books have it; every other sign stays as it was typed
    return pandoc.Str((s.text:gsub("(%a)'(%a)", "%1’%2")))
  end,
  Code = function(c)
    return pandoc.Code(written(c.text))
  end,
  CodeBlock = function(c)
    local name = taken("c", item.code, { text = written(c.text), language = c.classes[1] or "" })
    return pandoc.RawBlock("latex", name)
  end,
  Image = function(i)
    local source = written(pandoc.utils.stringify(i.src))
    local what = { src = source, alt = pandoc.utils.stringify(i.caption), width = i.attributes.width or "" }
    return pandoc.RawInline("latex", taken("p", item.pictures, what))
  end,
  RawInline = function(r)
    return r.format == "latex" and r.text:find("^" .. OPEN) and r or pandoc.Code(written(r.text))
  end,
  RawBlock = function(r)
    if r.format == "latex" and r.text:find("^" .. OPEN) then return r end
    return pandoc.RawBlock("latex", taken("c", item.code, { text = written(r.text), language = "" }))
  end,
  Link = function(l)
    local target = written(l.target)
    -- Jupyter gives headings targets of its own, which a PDF lacks: such a link keeps its words
    if not target:match("^%a[%w+.-]*:") or #target > 2000 then return l.content end
    if pandoc.utils.stringify(l.content) == target then
      l.content = cut(target, 10, pandoc.Str)
    end
    l.target, l.attr = target, pandoc.Attr()
    return l
  end,
  Span = without_id,
  Div = without_id,
  Figure = function(f)
    local blocks = f.content
    blocks:extend(f.caption.long)
    return blocks
  end,
}

local function heading(h)
  h.attr = pandoc.Attr()
  h.level = math.max(1, h.level + given.shift)
  local aside = pandoc.Inlines({})
  h.content = h.content:walk({
    RawInline = function(r)
      if r.text:find("^" .. OPEN .. "p") then
        aside:insert(r)
        return {}
      end
    end,
    Str = function(s)
      local kept = s.text:gsub(OPEN .. "m", OPEN .. "h")
      return pandoc.Str(kept)
    end,
    Note = function() return {} end,
  })
  return #aside > 0 and { h, pandoc.Para(aside) } or h
end

-- A table in the largest type in which it fits; with broken words in narrow columns where it fits in none.
local function fitted(t)
  t.attr = pandoc.Attr()
  local columns = #t.colspecs
  local widths, words = {}, {}
  for c = 1, columns do widths[c], words[c] = 1, 1 end
  local function measure(rows)
    for _, row in ipairs(rows) do
      local c = 1
      for _, cell in ipairs(row.cells) do
        local text = pandoc.utils.stringify(cell.contents)
        if cell.col_span == 1 and c <= columns then
          widths[c] = math.max(widths[c], length(text))
          for word in text:gmatch("%S+") do words[c] = math.max(words[c], length(word)) end
        end
        c = c + cell.col_span
      end
    end
  end
  local bodies = { t.head.rows, t.foot.rows }
  for _, body in ipairs(t.bodies) do
    table.insert(bodies, body.head)
    table.insert(bodies, body.body)
  end
  for _, rows in ipairs(bodies) do measure(rows) end
  if columns > MOST_COLUMNS then
    local note = "a table of " .. columns .. " columns, of which " .. MOST_COLUMNS .. " are shown"
    table.insert(item.notes, note)
    local text = { "[" .. note .. "]" }
    for _, rows in ipairs(bodies) do
      for _, row in ipairs(rows) do
        local line = {}
        for c = 1, math.min(#row.cells, MOST_COLUMNS) do
          table.insert(line, pandoc.utils.stringify(row.cells[c].contents))
        end
        table.insert(text, table.concat(line, " | "))
      end
    end
    return pandoc.RawBlock("latex", taken("c", item.code, { text = written(table.concat(text, "\n")), language = "" }))
  end
  local function sum(of)
    local total = 0
    for c = 1, columns do total = total + of[c] end
    return total
  end
  local function fits(of, size)
    return sum(of) * size[1] * 0.55 + columns * 2 * size[2] <= WIDTH - 40 * (item.depth or 0)
  end
  local chosen
  for _, size in ipairs(SIZES) do
    if not chosen and fits(widths, size) then chosen = size end
  end
  if not chosen then
    -- wider than the smallest type: columns share the line, by their longest words and what else they hold
    for i = 2, #SIZES do
      if not chosen and fits(words, SIZES[i]) then chosen = SIZES[i] end
    end
    local whole = chosen ~= nil
    chosen = chosen or SIZES[#SIZES]
    local share = {}
    for c = 1, columns do share[c] = math.min(words[c], whole and words[c] or 12) + math.sqrt(widths[c]) end
    local total = sum(share)
    for c = 1, columns do t.colspecs[c] = { t.colspecs[c][1], share[c] / total } end
    if not whole then t = t:walk(breaking(6, 3)) end
  elseif chosen ~= SIZES[1] then
    for c = 1, columns do t.colspecs[c] = { t.colspecs[c][1], nil } end
  end
  t = t:walk({ Str = function(s) return pandoc.Str((s.text:gsub(OPEN .. "m", OPEN .. "t"))) end })
  if chosen == SIZES[1] then return t end
  table.insert(item.notes, "a table of " .. columns .. " columns in smaller type")
  local before = "{" .. chosen[3] .. "\\setlength{\\tabcolsep}{" .. chosen[2] .. "pt}"
  return { pandoc.RawBlock("latex", before), t, pandoc.RawBlock("latex", "}") }
end

-- LaTeX nests only so deep: what lies deeper follows without its marks.
local function shallow(blocks, level)
  local out = pandoc.Blocks({})
  for _, b in ipairs(blocks) do
    if b.t == "BulletList" or b.t == "OrderedList" then
      for i, content in ipairs(b.content) do b.content[i] = shallow(content, level + 1) end
      if level < MOST_LEVELS then
        out:insert(b)
      else
        for _, content in ipairs(b.content) do out:extend(content) end
      end
    elseif b.t == "BlockQuote" then
      local inner = shallow(b.content, level + 1)
      if level < MOST_LEVELS then out:insert(pandoc.BlockQuote(inner)) else out:extend(inner) end
    else
      out:insert(b)
    end
  end
  return out
end

local function holds_html(doc)
  local found = false
  local function look(r) found = found or r.format:match("^html") ~= nil end
  doc:walk({ RawInline = look, RawBlock = look })
  return found
end

local function convert(one)
  item = { pictures = {}, code = {}, notes = {} }
  local doc = pandoc.read(one.text .. "\n", READERS[one.format], nil, {}) -- {}: reads no file
  if one.format == "markdown" and holds_html(doc) then
    local through = pandoc.write(doc, { format = "html", extensions = { "raw_html" } }, { wrap_text = "none" })
    doc = pandoc.read(through, READERS.html, nil, {})
  end
  doc.meta = {}
  doc = doc:walk(plain):walk({ Header = heading })
  doc.blocks = shallow(doc.blocks, 0)
  doc = doc:walk({ Table = fitted }):walk(breaking(40, 10))
  item.tex = pandoc.write(doc, "latex", { wrap_text = "none" })
  return item
end

local results = {}
for i, one in ipairs(given.items) do
  local well, result = pcall(convert, one)
  results[i] = well and result or { failed = tostring(result) }
end
print(pandoc.json.encode({ items = results, formulas = formulas }))
