// How the decks become pages. The theme file is passed on the command line by course_utils.slides.
export default {
  html: true, // figures are inline SVG
  options: {
    math: 'mathjax', // drawn as SVG into the page: no font, no request
    emoji: { shortcode: false, unicode: false }, // pictures of emoji would come from another host
  },
}
