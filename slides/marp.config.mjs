// How the decks become pages. The theme file is passed on the command line by course_utils.slides.
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'

// The MathJax that marp has, wherever this file lies.
const require = createRequire(realpathSync(process.argv[1]))
const { liteAdaptor } = require('mathjax-full/js/adaptors/liteAdaptor.js')
const { SerializedMmlVisitor } = require('mathjax-full/js/core/MmlTree/SerializedMmlVisitor.js')
const { STATE } = require('mathjax-full/js/core/MathItem.js')
const { HTMLDocument } = require('mathjax-full/js/handlers/html/HTMLDocument.js')
const { TeX } = require('mathjax-full/js/input/tex.js')
require('mathjax-full/js/input/tex/AllPackages.js') // which knows ams

const tex = new HTMLDocument('', liteAdaptor(), { InputJax: new TeX({ packages: ['base', 'ams'] }) })
const visitor = new SerializedMmlVisitor()

// Each formula a second time as MathML, for screen readers; of the drawing they see nothing.
const spoken = (markdown) => {
  for (const [rule, display] of [['marp_math_inline', false], ['marp_math_block', true]]) {
    const draw = markdown.renderer.rules[rule]
    markdown.renderer.rules[rule] = (tokens, i, ...rest) => {
      const tree = tex.convert(tokens[i].content, { display, end: STATE.CONVERT })
      const mathml = visitor.visitTree(tree).replace(/\s*\n\s*/g, '')
      return draw(tokens, i, ...rest)
        .replace('<svg ', '<svg aria-hidden="true" ')
        .replace('</mjx-container>', `<mjx-assistive-mml>${mathml}</mjx-assistive-mml></mjx-container>`)
    }
  }
}

export default {
  html: true, // figures are inline SVG
  engine: ({ marp }) => marp.use(spoken),
  options: {
    math: 'mathjax', // drawn as SVG into the page: no font, no request
    emoji: { shortcode: false, unicode: false }, // pictures of emoji would come from another host
  },
}
