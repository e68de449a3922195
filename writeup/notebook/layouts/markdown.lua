-- What a notebook's Markdown may hold and a TeX document may not: pictures that are not here, HTML, TeX beyond mathematics.

local pictures = {}

local environments = { align = true, equation = true, gather = true, multline = true, eqnarray = true }

local function mathematical(text)
  local name = text:match("^%s*\\begin{(%a+)%*?}")
  return name and environments[name]
end

local function read_pictures(meta)
  for name in pandoc.utils.stringify(meta.pictures or ""):gmatch("%S+") do
    pictures[name] = true
  end
  return {}
end

local function missing(what)
  return pandoc.Emph({ pandoc.Str("[picture not shown: " .. what .. "]") })
end

local function image(element)
  if pictures[element.src] then
    element.title = ""
    return element
  end
  local caption = pandoc.utils.stringify(element.caption)
  return missing(caption ~= "" and caption or element.src:sub(1, 80))
end

-- Jupyter gives headings targets of its own, which a PDF lacks: such a link keeps its words.
local function link(element)
  if element.target:match("^#") then
    return element.content
  end
end

local function raw_inline(element)
  if element.format == "html" and element.text:match("^<img") then
    return missing(element.text:match('alt="([^"]+)"') or element.text:match('src="([^"]+)"') or "")
  elseif element.format == "html" and element.text:match("^<br") then
    return pandoc.LineBreak()
  elseif element.format:match("tex") and not mathematical(element.text) then
    return pandoc.Code(element.text)
  end
end

local function raw_block(element)
  if element.format:match("tex") and not mathematical(element.text) then
    return pandoc.CodeBlock(element.text)
  elseif element.format == "html" and element.text:match("^<img") then
    return pandoc.Para({ raw_inline(element) })
  end
end

return {
  { Meta = read_pictures },
  { Image = image, Link = link, RawInline = raw_inline, RawBlock = raw_block },
}
